"use strict";

Redoc.init(
  document.documentElement.dataset.document,
  { nativeScrollbars: true, hideDownloadButton: false },
  document.getElementById("page"),
);
