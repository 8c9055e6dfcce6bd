/* The frame opens its menus and panels by a click on what is no button: here these are reached by Tab, pressed by Enter or
   the space bar, and closed by Escape. A panel that opens takes the focus, gives it back, and closes when it is left. */
(() => {
  const PRESSED = '[x-on\\:click]:not(a[href], button, input, [x-on\\:click$="= false"])';
  const PANELS = {
    filterOpen: "#changelist-filter", openUserLinks: "#nav-sidebar nav[x-show]", sidebarMobileOpen: "#nav-sidebar",
  };
  const NAMES = {
    close: "收起侧栏", dock_to_right: "侧栏", handshake: "今日待办", search: "搜索",
    computer: "外观", dark_mode: "外观", light_mode: "外观",
  };
  const OPENS = /^(\w*open\w*) = (?:!|true)/i;
  let open = null; // {panel, opener} of what a key has opened

  const shown = (element) => element.getClientRects().length > 0;
  const opens = (opener) => opener.getAttribute("x-on:click").match(OPENS)?.[1]; // the name under which the frame keeps it
  const isOpen = (opener) => Alpine.$data(opener)[opens(opener)];

  function label(icon) {
    const word = icon.textContent.trim();
    const control = icon.closest(`a, button, ${PRESSED}`);
    if (control === null || control.textContent.trim() !== word) icon.setAttribute("aria-hidden", "true");
    else if (control.title || NAMES[word]) control.setAttribute("aria-label", control.title || NAMES[word]);
  }

  function enter(opener) {
    const panel = isOpen(opener) && document.querySelector(PANELS[opens(opener)]);
    if (!panel || document.activeElement !== opener) return; // closed, or left, meanwhile
    const first = [...panel.querySelectorAll('a[href], button, input, select, [role="button"]')].find(shown);
    if (!first) return void requestAnimationFrame(() => enter(opener)); // the frame has not shown it yet
    open = { panel, opener };
    first.focus();
  }

  function leave() {
    const { panel, opener } = open;
    open = null;
    if (isOpen(opener)) (document.getElementById(`${panel.id}-close`) ?? opener).click();
    return opener;
  }

  document.addEventListener("alpine:initialized", () => {
    document.querySelectorAll(".material-symbols-outlined").forEach(label);
    for (const each of document.querySelectorAll(PRESSED)) {
      each.setAttribute("role", "button");
      each.tabIndex = 0;
      if (opens(each)) Alpine.effect(() => each.setAttribute("aria-expanded", isOpen(each)));
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open) leave().focus();
    if ((event.key !== "Enter" && event.key !== " ") || !event.target.matches(PRESSED)) return;
    event.preventDefault();
    event.target.click();
    enter(event.target);
  });

  document.addEventListener("focusin", (event) => {
    if (open && !open.panel.contains(event.target) && !open.opener.contains(event.target)) leave(); // whose own click closes it
  });
})();
