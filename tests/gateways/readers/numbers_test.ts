import fc from "../../fast_check.ts";
import {
  attributeNumber,
  degreesOfMinutes,
  isWithin,
  isZero,
  parseDecimal,
  signed,
  trimSpace,
} from "../../../gateways/readers/numbers.ts";
import { assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";

const shown = (text: string) => {
  const decimal = parseDecimal(text);
  return decimal === undefined ? undefined : signed(decimal);
};

Deno.test({
  name: "parseDecimal() keeps digits, also beyond those of a double",
  permissions: "none",
  fn() {
    for (
      const [text, expected] of [
        ["52.5170365", "+52.5170365"],
        ["43.2964820", "+43.2964820"],
        ["-0.0", "-0.0"],
        ["-007.45", "-007.45"],
        ["+1", "+1"],
        [".5", "+0.5"],
        ["5.", "+5"],
        ["52.51703650000000000000000001", "+52.51703650000000000000000001"],
      ]
    ) assertEquals(shown(text), expected, text);
  },
});

Deno.test({
  name: "parseDecimal() writes exponents out",
  permissions: "none",
  fn() {
    for (
      const [text, expected] of [
        ["5.25170365e1", "+52.5170365"],
        ["525170365E-7", "+52.5170365"],
        ["1e-7", "+0.0000001"],
        ["-1.5e-2", "-0.015"],
        ["1.5e+1", "+15"],
        ["1e2", "+100"],
        ["0e9", "+0"],
        ["1.25e0", "+1.25"],
        ["12.5e1", "+125"],
      ]
    ) assertEquals(shown(text), expected, text);
    // An exponent can be as long as the body.
    const length = shown(`1e${"9".repeat(100_000)}`)!.length;
    assertEquals(length, 402);
    assertEquals(shown(`1e-${"9".repeat(100_000)}`)!.length, 403);
  },
});

Deno.test({
  name: "parseDecimal() gives the value of every number that JavaScript prints",
  permissions: "none",
  fn() {
    const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true });
    const places = fc.integer({ min: -30, max: 30 });
    assertProperty(fc.property(anyNumber, places, (number, exponent) => {
      assertEquals(Number(shown(`${number}`)), number);
      assertEquals(Number(shown(number.toExponential())), number);
      const text = `${number}`.includes("e") ? "1.5" : `${number}`;
      assertEquals(
        Number(shown(`${text}e${exponent}`)),
        Number(`${text}e${exponent}`),
      );
    }));
  },
});

Deno.test({
  name: "parseDecimal() refuses what is no number",
  permissions: "none",
  fn() {
    for (
      const text of [
        "",
        ".",
        "-",
        "e5",
        "1e",
        "1e+",
        "52,5",
        "0x10",
        "NaN",
        "Infinity",
        "1 2",
        "--1",
        "1.2.3",
        "٣",
        "null",
      ]
    ) assertEquals(parseDecimal(text), undefined, text);
  },
});

Deno.test({
  name: "isWithin() is exact, and isZero() sees every zero",
  permissions: "none",
  fn() {
    const within = (text: string) => isWithin(parseDecimal(text)!, 90);
    for (
      const text of ["90", "-90.000", "089.9", "0", "89.99999999999999999"]
    ) {
      assertEquals(within(text), true, text);
    }
    for (const text of ["91", "-90.00000000000000000000001", "1e400"]) {
      assertEquals(within(text), false, text);
    }
    const zero = (text: string) => isZero(parseDecimal(text)!);
    assertEquals(["0", "-0.00", "0e7", "00"].every(zero), true);
    assertEquals(["0.0000001", "1e-300", "10"].some(zero), false);
  },
});

Deno.test({
  name: "degreesOfMinutes() computes eight decimals, half rounded up",
  permissions: "none",
  fn() {
    const degrees = (text: string) => {
      const angle = degreesOfMinutes(text, true);
      return angle === undefined ? undefined : signed(angle);
    };
    for (
      const [text, expected] of [
        ["3540.87417", "-35.68123617"],
        ["01622.4291", "-16.37381833"],
        ["4812.4905", "-48.208175"],
        ["00000.0000", "-0"],
        ["18000", "-180"],
        ["0030.", "-0.5"],
        ["5959.999999999999", "-60"],
        ["1.5", undefined],
        ["3560.0", undefined],
        ["12345.6.7", undefined],
        ["123456.0", undefined],
        ["", undefined],
      ]
    ) assertEquals(degrees(text!), expected, text);
    const minutes = fc.integer({ min: 0, max: 59_999_999 });
    const anyDegrees = fc.integer({ min: 0, max: 179 });
    assertProperty(fc.property(anyDegrees, minutes, (whole, micro) => {
      const text = `${whole}`.padStart(3, "0") +
        (micro / 1e6).toFixed(6).padStart(9, "0");
      const angle = degreesOfMinutes(text, false)!;
      const exact = whole + micro / 60e6;
      assertEquals(
        Math.abs(Number(angle.digits) - exact) <= 5.1e-9,
        true,
        text,
      );
      assertEquals(/^\d+(\.\d{0,7}[1-9])?$/.test(angle.digits), true, text);
    }));
  },
});

Deno.test({
  name: "attributeNumber() converts units, and leaves unknown numbers out",
  permissions: "none",
  fn() {
    assertEquals(attributeNumber("accuracy", "14"), "14");
    assertEquals(attributeNumber("accuracy", "14.0"), "14");
    assertEquals(attributeNumber("altitude", "-3.50"), "-3.5");
    assertEquals(attributeNumber("altitude", "-0.0"), "0");
    assertEquals(attributeNumber("battery", "0.61", 100), "61");
    assertEquals(attributeNumber("speed", "12", 1 / 3.6), "3.33333333");
    assertEquals(attributeNumber("speed", "1e1"), "10");
    for (const text of ["-1", "NaN", "1e9", "1e400", ""]) {
      assertEquals(attributeNumber("speed", text), undefined, text);
    }
    assertEquals(attributeNumber("course", "360.5"), undefined);
    assertEquals(attributeNumber("battery", undefined), undefined);
  },
});

Deno.test({
  name: "trimSpace() removes ASCII white space only",
  permissions: "none",
  fn() {
    assertEquals(trimSpace("\t 52.5\r\n"), "52.5");
    assertEquals(trimSpace("\xa052.5"), "\xa052.5");
    assertEquals(trimSpace(" \v\f "), "");
  },
});
