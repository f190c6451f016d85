/** What the browser's tab, its history and a screen reader call the page. */
export function nameTab(title: string): void {
  document.title = `${title} · Assay`;
}
