/**
 * A second implementation of the attributes of reports, after docs/PROTOCOL.md. It
 * is slow and simple, and uses no code of protocol/.
 *
 * @module
 */

/** The names with numbers, and their ranges. */
export const limits: Readonly<Record<string, readonly [number, number]>> = {
  accuracy: [0, 999_999_999],
  altitude: [-999_999_999, 999_999_999],
  battery: [0, 100],
  course: [0, 360],
  speed: [0, 999_999_999],
};

/** Whether a field is empty, or valid attributes. */
export function isAttributes(field: string): boolean {
  if (field.length > 256) return false;
  if (field === "") return true;
  const parts = field.split(",").map((part) => {
    const [key, ...rest] = part.split("=");
    return { key, value: rest.join("="), hasValue: rest.length > 0 };
  });
  return parts.every(({ hasValue, key, value }, index) =>
    hasValue && key !== "" && key.length <= 16 && !/[^a-z]/.test(key) &&
    (index === 0 || parts[index - 1].key < key) &&
    (key in limits ? isNumber(value, limits[key]) : isText(value))
  );
}

function isNumber(
  text: string,
  [least, most]: readonly [number, number],
): boolean {
  const [whole, fraction, ...others] = text.replace(/^-/, "").split(".");
  if (others.length > 0 || /[^0-9]/.test(whole + (fraction ?? ""))) {
    return false;
  }
  if (whole === "" || whole.length > 9) return false;
  if (whole.length > 1 && whole.startsWith("0")) return false;
  const isWhole = fraction === undefined;
  if (!isWhole && (fraction.length > 8 || !/[1-9]$/.test(fraction))) {
    return false;
  }
  // In units of the eighth decimal, exactly.
  const unit = 10n ** 8n;
  const absolute = BigInt(whole + (fraction ?? "").padEnd(8, "0"));
  const value = text.startsWith("-") ? -absolute : absolute;
  return text !== "-0" && value >= BigInt(least) * unit &&
    value <= BigInt(most) * unit;
}

function isText(text: string): boolean {
  const bare = text.replace(/%([0-9A-F]{2})/g, (found, digits) => {
    const byte = parseInt(digits, 16);
    const isEscaped = byte <= 0x20 || byte === 0x7f || byte === 0x25 ||
      byte === 0x2c;
    return isEscaped ? "x" : found;
  });
  return text !== "" &&
    Array.from(bare).every((byte) =>
      byte > " " && byte !== "\x7f" && byte !== "%"
    );
}
