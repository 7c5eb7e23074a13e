export function start(place: Element): void {
  place.textContent = "explorer";
}
