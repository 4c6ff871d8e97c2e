/**
 * The sheet that `herd token create --server` prints: what to type into each
 * app, and QR codes. It contains the token.
 *
 * @module
 */
import { drawQrCode, maxQrCodeLength } from "../cli/qr_code.ts";
import { formatTable } from "../cli/table.ts";
import type { Claims } from "../identity/claims.ts";
import { isLoopback } from "../runtime/network.ts";
import { type AppName, type AppServer, setUpApp } from "./app_setup.ts";

const unencrypted =
  "Without TLS everyone who can read the packets has the token: over the\n" +
  "Internet, use TLS and https://.";

/** Where the sheet is shown. */
export interface SheetScreen {
  /** Whether codes may set their colours. */
  readonly isColoured: boolean;
  /** Characters in a line; infinite if it is no terminal. */
  readonly columns: number;
}

/** The sheet for some apps, without a LF at the end. */
export function describeApps(
  names: readonly AppName[],
  server: AppServer,
  token: string,
  claims: Claims,
  screen: SheetScreen,
): string {
  const sections = names.map((name) => {
    const setup = setUpApp(name, server, token, claims);
    if ("problem" in setup) return `${setup.title}\n  ${setup.problem}`;
    const { fields, link, title } = setup;
    const table = formatTable([{ title: "" }, { title: "" }], fields, {
      indentation: "  ",
    });
    const code = link === undefined
      ? ""
      : `\n\n  Or read this code with ${link.reader}:\n\n${
        describeCode(link.text, screen)
      }`;
    return `${title}\n${table}${code}`;
  });
  const isReadable = !server.isEncrypted && !isLoopback(server.host);
  return [...(isReadable ? [unencrypted] : []), ...sections].join("\n\n");
}

/** The code, or why it cannot be shown here. */
function describeCode(text: string, screen: SheetScreen): string {
  if (text.length > maxQrCodeLength) {
    return "  (The token is too long for a code. Open this link on the phone.)" +
      `\n\n${text}`;
  }
  const lines = drawQrCode(text, false);
  const width = lines[0].length;
  if (width <= screen.columns) {
    return (screen.isColoured ? drawQrCode(text, true) : lines).join("\n");
  }
  return `  (The code has ${width} columns, and the terminal ${screen.columns}: ` +
    "make it wider, and run this again.)";
}
