// The board of the day: it refreshes without a jump, and each line answers to keys. Without this file every button
// still works, and the page is as fresh as when it was loaded.
"use strict";

(() => {
  const board = document.querySelector("[data-board]");
  if (!board) return;

  // --- Refreshing: what did not change is not written again, so that nobody loses a selection or an open list. ---

  const withoutTokens = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
  let shown = null;

  board.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== board) return;
    const answer = withoutTokens(event.detail.serverResponse);
    if (answer === shown) event.detail.shouldSwap = false;
    shown = answer;
  });

  // The line that has the focus, until somebody leaves it by hand: a swap takes the pressed button away, and may come
  // twice in a row (the answer to a key, then the refresh).
  let line = null;
  document.addEventListener("focusin", (event) => {
    line = board.contains(event.target) ? (event.target.closest("[data-line]")?.id ?? null) : null;
  });
  document.addEventListener("pointerdown", (event) => {
    if (!board.contains(event.target)) line = null;
  });

  let open = [];
  board.addEventListener("htmx:beforeSwap", () => {
    open = [...board.querySelectorAll("details[open][id]")].map((details) => details.id);
  });
  board.addEventListener("htmx:afterSettle", () => {
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    // Never taken from elsewhere on the page: somebody may have gone to the counter of walk-ins meanwhile.
    if (line && document.activeElement === document.body) focusLine(document.getElementById(line));
  });

  // --- Keys: arrows lead from line to line, a letter presses the button that shows it, Escape leaves the line. ---

  const lines = () => [...board.querySelectorAll("[data-line]")];
  const focusLine = (target) => (target?.querySelector("button") ?? target?.querySelector("a"))?.focus();

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      // The line is left for good: an answer still on its way does not bring back to it.
      line = null;
      if (board.contains(document.activeElement)) document.activeElement.blur();
      return;
    }
    if (event.target !== document.body || event.key !== "ArrowDown") return;
    event.preventDefault();
    focusLine(board.querySelector(".line-now[data-line]") ?? lines()[0]);
  });

  board.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const current = event.target.closest("[data-line]");
    if (!current) return;
    const every = lines();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      focusLine(every[every.indexOf(current) + step]);
      return;
    }
    const button = current.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!button) return;
    event.preventDefault();
    // The same letter may mean something else elsewhere on the page.
    event.stopPropagation();
    if (!event.repeat) button.click();
  });
})();
