"use strict";

SwaggerUIBundle({
  url: document.documentElement.dataset.document,
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  // Else the document would be sent to a validator in the internet.
  validatorUrl: null,
});
