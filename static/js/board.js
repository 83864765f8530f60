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

  let open = [];
  let line = null;
  board.addEventListener("htmx:beforeSwap", () => {
    open = [...board.querySelectorAll("details[open][id]")].map((details) => details.id);
    // Between two swaps in a row the focus may be nowhere yet: what is remembered then still holds.
    if (document.activeElement !== document.body) {
      line = document.activeElement.closest("[data-line]")?.id ?? null;
    }
  });
  board.addEventListener("htmx:afterSettle", () => {
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    // The button that was pressed may be gone: the focus stays on its line.
    if (line && !board.contains(document.activeElement)) focusLine(document.getElementById(line));
  });

  // --- Keys: arrows lead from line to line, a letter presses the button that shows it. ---

  const lines = () => [...board.querySelectorAll("[data-line]")];
  const focusLine = (target) => (target?.querySelector("button") ?? target?.querySelector("a"))?.focus();

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
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
