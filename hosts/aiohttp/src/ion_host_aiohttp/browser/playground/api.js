// Calls of the API, and the errors that come of them.

import { apiKey } from "./storage.js";
import { language } from "./language.js";

export class ApiError extends Error {
  constructor(status, code, message, seconds) {
    super(message);
    this.status = status;
    this.code = code;
    this.seconds = seconds;
  }
}

// The host was not reached, or the connection to it was lost.
export const lost = () => new ApiError(0, "OFFLINE", "", 0);

// The error that a body of API v2 tells of.
export function failed(body, status, seconds = 0) {
  const error = body?.error ?? {};
  const told = [error.message ?? body?.detail ?? "", error.details?.hint ?? ""];
  return new ApiError(status, error.code ?? "", told.filter(Boolean).join(" "), seconds);
}

export function headers(more) {
  const found = { "Accept-Language": language(), ...more };
  if (apiKey()) found["X-API-Key"] = apiKey();
  return found;
}

// The response, where there is one that is no error.
export async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw lost();
  }
  if (response.ok) return response;
  throw await refusal(response);
}

async function refusal(response) {
  let body = null;
  try {
    body = await response.json();
  } catch {
    // A proxy may answer in its own format; the status says enough.
  }
  return failed(body, response.status, Number(response.headers.get("Retry-After")) || 0);
}

export async function call(method, path, body) {
  const response = await ask(path, {
    method,
    headers: headers(body === undefined ? {} : { "Content-Type": "application/json" }),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  try {
    return await response.json();
  } catch {
    throw lost();
  }
}
