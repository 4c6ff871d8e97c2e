import fc from "../fast_check.ts";
import {
  isAtMost,
  isDecimal,
  isWholeNumber,
  kilometresToMetres,
} from "../../protocol/decimal.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

Deno.test({
  name: "isDecimal() accepts digits, optionally with a dot and more digits",
  permissions: "none",
  fn() {
    for (const text of ["0", "12", "007", "1.5", "0.000", "1".repeat(500)]) {
      assertEquals(isDecimal(text), true, text);
    }
    for (
      const text of ["", ".", "1.", ".5", "1.2.3", "+1", "-1", "1e3", " 1", "x"]
    ) assertEquals(isDecimal(text), false, text);
  },
});

Deno.test({
  name: "isWholeNumber() accepts digits only",
  permissions: "none",
  fn() {
    assertEquals(["5", "05", "20"].map(isWholeNumber), [true, true, true]);
    for (const text of ["", "5.0", "-1", "+1", "1e1", "١"]) {
      assertEquals(isWholeNumber(text), false, text);
    }
  },
});

Deno.test({
  name: "isAtMost() is exact where a double is not",
  permissions: "none",
  fn() {
    const isAtMost50 = (text: string) =>
      isAtMost(encodeBytes(text), 0, text.length, 50);
    for (const text of ["0", "49.9", "50", "50.000", "0050"]) {
      assertEquals(isAtMost50(text), true, text);
    }
    for (const text of ["51", "50.1", `50.${"0".repeat(40)}1`, "500"]) {
      assertEquals(isAtMost50(text), false, text);
    }
  },
});

Deno.test({
  name: "kilometresToMetres() moves the dot and keeps the digits",
  permissions: "none",
  fn() {
    for (
      const [km, metres] of [
        ["10", "10000"],
        ["0", "0"],
        ["0.5", "500"],
        ["1.2345", "1234.5"],
        ["0.0015", "1.5"],
        ["0.00005", "0.05"],
        ["50.0", "50000"],
        ["007.25", "7250"],
      ]
    ) assertEquals(kilometresToMetres(km), metres);
    assertProperty(
      fc.property(fc.nat(50_000), (metres) => {
        const km = (metres / 1000).toFixed(3);
        assertEquals(kilometresToMetres(km), String(metres));
      }),
    );
  },
});
