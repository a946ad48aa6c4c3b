/** Cells as text, the same as `kaizen_widgets/displays/formats.py` and `grid_table.py` make it. */

export type Cell = string | number | boolean | null;
export type Format =
  | "title"
  | "text"
  | "number"
  | "money"
  | "seconds"
  | "percent"
  | "bytes"
  | "date"
  | "id"
  | "status"
  | "bool"
  | "switch"
  | "code";

export const NOTHING = "–";
const UNITS = ["B", "kB", "MB", "GB", "TB"];
/** Seconds of one unit, the distance up to which it is used, its names. */
const STEPS: readonly [number, number, string, string][] = [
  [60, 3600, "min", "min"],
  [3600, 86_400, "hour", "hours"],
  [86_400, 14 * 86_400, "day", "days"],
  [7 * 86_400, 60 * 86_400, "week", "weeks"],
  [30 * 86_400, 365 * 86_400, "month", "months"],
  [365 * 86_400, Number.POSITIVE_INFINITY, "year", "years"],
];
const FORMATS: Partial<Record<Format, (value: number) => string>> = {
  money,
  seconds,
  percent,
  bytes,
};

/** Returns the text of a cell. `now` is in seconds since 1970, as times in cells are. */
export function cellText(cell: Cell, format: Format, now: number): string {
  if (cell === null || cell === "") return NOTHING;
  if (typeof cell === "boolean") {
    if (format === "switch") return cell ? "On" : "Off";
    return cell ? "Yes" : "No";
  }
  if (typeof cell === "string") {
    if (format === "id") return [...cell].length <= 10 ? cell : [...cell].slice(0, 8).join("");
    return format === "status" ? capitalized(cell.replaceAll("_", " ")) : cell;
  }
  return format === "date" ? timeAgo(cell, now) : (FORMATS[format] ?? number)(cell);
}

/** Returns the exact value, for a tooltip; empty where the text says it all. */
export function exactText(cell: Cell, format: Format, text: string): string {
  if (cell === null || typeof cell === "boolean") return "";
  if (format === "date" && typeof cell === "number") return exactTime(cell);
  const exact = String(cell);
  return exact === text ? "" : exact;
}

function exactTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  if (Number.isNaN(time.getTime())) return "";
  return time.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
}

export function timeAgo(moment: number, now: number): string {
  const seconds = now - moment;
  const distance = Math.abs(seconds);
  if (distance < 60) return seconds >= 0 ? "just now" : "in a moment";
  if (distance >= 86_400 && distance < 2 * 86_400) return seconds > 0 ? "yesterday" : "tomorrow";
  const [step, , one, many] = STEPS.find(([, end]) => distance < end) ?? [1, 0, "s", "s"];
  const count = Math.floor(distance / step);
  const words = `${count} ${count === 1 ? one : many}`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

export function number(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return grouped(value);
  if (Math.abs(value) < 1e-4) return value.toExponential(2).replace(/e([+-])(\d)$/, "e$10$2");
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return withoutZeros(value.toFixed(digits));
}

function money(value: number): string {
  const sign = value < 0 ? "-" : "";
  const amount = Math.abs(value);
  if (amount === 0) return "$0";
  if (amount < 0.0001) return `${sign}<$0.0001`;
  if (amount < 0.01)
    return `${sign}$${withoutZeros(amount.toFixed(1 - Math.floor(Math.log10(amount))))}`;
  const [whole = "", cents] = amount.toFixed(2).split(".");
  return `${sign}$${grouped(Number(whole))}.${cents}`;
}

function seconds(value: number): string {
  if (value < 0.9995) return `${Math.max(0, rounded(value * 1000))} ms`;
  if (value < 9.995) return `${value.toFixed(2)} s`;
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const all = rounded(value);
  if (all < 3600) return `${Math.floor(all / 60)} min ${two(all % 60)} s`;
  return `${Math.floor(all / 3600)} h ${two(Math.floor((all % 3600) / 60))} min`;
}

function percent(value: number): string {
  const hundredths = value * 100;
  if (Math.abs(hundredths) >= 9.95) return `${grouped(hundredths)} %`;
  return `${withoutZeros(hundredths.toFixed(1))} %`;
}

function bytes(value: number): string {
  let size = value;
  let unit = 0;
  for (; Math.abs(size) >= 999.5 && unit < UNITS.length - 1; unit += 1) size /= 1000;
  const text =
    unit === 0 || Math.abs(size) >= 9.95 ? size.toFixed(0) : withoutZeros(size.toFixed(1));
  return `${text} ${UNITS[unit]}`;
}

const rounded = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5) || 0;

const grouped = (value: number) => String(rounded(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

const withoutZeros = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

const two = (value: number) => String(value).padStart(2, "0");

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
