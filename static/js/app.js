// What pages do beyond links and forms: shortcuts, focus on errors, the clock of the space, menus. Without this file
// every page still works.
"use strict";

document.documentElement.classList.add("has-script");

const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector(".menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (event.key !== "/" && event.key !== "n") return;
  const shortcut = document.querySelector(`[data-shortcut="${event.key}"]`);
  if (!shortcut) return;
  event.preventDefault();
  if (shortcut.matches("a")) shortcut.click();
  else shortcut.focus();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// Copies the field that the button names; where the browser keeps the clipboard to itself, selects it for Ctrl+C.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[data-copy-said]");
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    said.textContent = "Adresse copiée.";
  } catch {
    field.focus();
    said.textContent = "Adresse sélectionnée\u00a0: copiez-la avec Ctrl+C.";
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

// --- Clock: the server says the moment and the zone of the space; the browser only lets time pass. ---

const startClock = (clock) => {
  const ahead = new Date(clock.dateTime).getTime() - Date.now();
  const format = new Intl.DateTimeFormat("fr-FR", { timeZone: clock.dataset.clock, hour: "numeric", minute: "2-digit", hourCycle: "h23" });
  const show = () => {
    const parts = Object.fromEntries(format.formatToParts(Date.now() + ahead).map((part) => [part.type, part.value]));
    clock.textContent = `${Number(parts.hour)}h${parts.minute}`;
  };
  show();
  setInterval(show, 15_000);
};

document.querySelectorAll("[data-clock]").forEach(startClock);

// --- What comes with a page and with each fragment that htmx brings. ---

const addDismissButton = (notice) => {
  if (notice.querySelector("[data-dismiss]")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet button-small";
  button.dataset.dismiss = "";
  button.textContent = "Fermer";
  button.addEventListener("click", () => notice.remove());
  notice.append(button);
};

const prepare = (root) => {
  root.querySelectorAll("[data-dismissable]").forEach(addDismissButton);
  root.querySelector("[data-takes-focus]")?.focus();
};

prepare(document);
document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
