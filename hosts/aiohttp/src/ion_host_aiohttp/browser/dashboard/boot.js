// Says which file of the page could not be loaded, and loads the page again. Loaded first, because
// it has to be there when another one is not.

(() => {
  const AGAIN_MS = 5000;
  const missing = new Set();
  let isTold = false;

  const tell = () => {
    const box = document.getElementById("boot");
    if (!box) return;
    box.hidden = false;
    box.textContent = `${box.dataset.missing} ${[...missing].join(", ")}`;
  };

  const failed = (event) => {
    const address = event.target?.src ?? event.target?.href;
    if (!address) return;
    missing.add(address.split("/").pop());
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", tell, { once: true });
    else tell();
    if (!isTold) setTimeout(() => location.reload(), AGAIN_MS);
    isTold = true;
  };

  // A file that is not there makes an error that does not rise, so that it is met on its way down.
  window.addEventListener("error", failed, true);
})();
