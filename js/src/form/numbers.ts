/** Steps numbers that are text without rounding: 0.1 + 0.2 is 0.3, and 2^53 + 1 is exact. */

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/** A decimal as an integer of `10 ** -places`. */
interface Scaled {
  units: bigint;
  places: number;
}

function read(text: string): Scaled | null {
  const match = DECIMAL.exec(text.trim());
  if (!match) return null;
  const [, sign, whole = "", fraction = ""] = match;
  if (whole + fraction === "") return null;
  const units = BigInt(whole + fraction);
  return { units: sign === "-" ? -units : units, places: fraction.length };
}

function scaledTo({ units, places }: Scaled, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - places);
}

function write(units: bigint, places: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, "0");
  const at = digits.length - places;
  const fraction = digits.slice(at).replace(/0+$/, "");
  return `${units < 0n ? "-" : ""}${digits.slice(0, at)}${fraction && `.${fraction}`}`;
}

/**
 * Returns the number that is some steps away. It stays within the bounds, unless it was outside before.
 * Returns null if the text is not a plain decimal; it then stays as it was typed.
 */
export function stepped(
  text: string,
  times: number,
  { step = "1", min = null, max = null }: Partial<Record<"step" | "min" | "max", string | null>>,
): string | null {
  const from = read(text.trim() === "" ? (min ?? "0") : text);
  const by = read(step ?? "1") ?? { units: 1n, places: 0 };
  if (from === null) return null;
  const bounds = [read(min ?? ""), read(max ?? "")];
  const places = Math.max(from.places, by.places, ...bounds.map((bound) => bound?.places ?? 0));
  const was = scaledTo(from, places);
  let next = text.trim() === "" ? was : was + scaledTo(by, places) * BigInt(times);
  const [low, high] = bounds.map((bound) => bound && scaledTo(bound, places));
  if (typeof low === "bigint" && next < low && was >= low) next = low;
  if (typeof high === "bigint" && next > high && was <= high) next = high;
  return write(next, places);
}
