import { describeApps } from "../../commands/app_sheet.ts";
import {
  appNames,
  type AppServer,
  setUpApp,
} from "../../commands/app_setup.ts";
import type { Claims } from "../../identity/claims.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { qrCodesIn, readQrCode } from "../cli/read_qr_code.ts";
import { makeToken } from "../identity/make_token.ts";

const server: AppServer = {
  origin: "https://herd.example:8400",
  host: "herd.example",
  mqttPort: 8500,
  isEncrypted: true,
};

const claims: Claims = {
  subject: "mira/pixel",
  reports: ["mira/*", "cab-7"],
  sees: [],
  lastOnly: false,
  role: undefined,
  tokenId: "1",
  issuedAt: 0,
  notBefore: undefined,
  expiresAt: 1,
};

const token = makeToken();
const paper = { isColoured: false, columns: Infinity };

Deno.test({
  name: "the codes of a sheet are the links of the apps, to the character",
  permissions: "none",
  fn() {
    const sheet = describeApps(appNames, server, token, claims, paper);
    const links = appNames.flatMap((name) => {
      const setup = setUpApp(name, server, token, claims);
      assert("fields" in setup, name);
      return setup.link?.text ?? [];
    });
    assertEquals(links.length, 4);
    assertEquals(qrCodesIn(sheet).map(readQrCode), links);
    const coloured = describeApps(appNames, server, token, claims, {
      ...paper,
      isColoured: true,
    });
    // deno-lint-ignore no-control-regex
    assertEquals(coloured.replaceAll(/\x1b\[[\d;]*m/g, ""), sheet);
  },
});

Deno.test({
  name: "a code that is too wide for the terminal, or too long, is not drawn",
  permissions: "none",
  fn() {
    const sheetAt = (columns: number, text = token) =>
      describeApps(["overland"], server, text, claims, {
        isColoured: false,
        columns,
      });
    const [code] = qrCodesIn(sheetAt(Infinity));
    const width = code[0].length;
    assertEquals(qrCodesIn(sheetAt(width)), [code]);
    const narrow = sheetAt(width - 1);
    assertEquals(qrCodesIn(narrow), []);
    assert(
      narrow.includes(`has ${width} columns, and the terminal ${width - 1}`),
    );
    const long = sheetAt(Infinity, `${token}${"a".repeat(3_000)}`);
    assertEquals(qrCodesIn(long), []);
    assertMatch(
      long,
      /too long for a code.*\n\noverland:\/\/setup\?\S+a{3000}/,
    );
  },
});

Deno.test({
  name: "a sheet warns of a server without TLS, unless it is this machine",
  permissions: "none",
  fn() {
    const sheetOf = (host: string, isEncrypted: boolean) =>
      describeApps(
        ["gpslogger"],
        { ...server, host, isEncrypted },
        token,
        claims,
        paper,
      );
    const warns = (sheet: string) => sheet.startsWith("Without TLS ");
    assertEquals(warns(sheetOf("herd.example", false)), true);
    assertEquals(warns(sheetOf("herd.example", true)), false);
    assertEquals(warns(sheetOf("127.0.0.1", false)), false);
    assertEquals(warns(sheetOf("::1", false)), false);
  },
});
