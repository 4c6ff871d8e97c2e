/**
 * Takes a screenshot of a dashboard for the README: `deno task screenshot`. The
 * page is open for a while first, so that its plots have data.
 *
 * @module
 */
import {
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
  wholeNumber,
} from "../cli/arguments.ts";
import { runProgram, SetupError, setupError } from "../cli/exit.ts";
import { Progress } from "../cli/progress.ts";
import { launchBrowser } from "./browser.ts";

const flags: Flags = {
  dark: { help: "use the dark colours" },
  seconds: { value: "SECONDS", help: "how long to wait before (90)" },
  width: { value: "PIXELS", help: "width of the window (1280)" },
  height: { value: "PIXELS", help: "height of the window (1000)" },
};

const help = `Takes a screenshot of a dashboard.

Usage: deno task screenshot URL FILE.png [flags]

${describeFlags(flags)}`;

async function main(): Promise<void> {
  const parsed = readArguments(Deno.args, flags);
  if (parsed.flags.has("help")) return console.log(help);
  const [url, file, ...more] = parsed.positionals;
  if (file === undefined || more.length > 0) {
    throw new UsageError("expected the dashboard's URL and a file's name");
  }
  if (!URL.canParse(url)) {
    throw new UsageError(
      `expected a URL such as http://127.0.0.1:8200/, found ${url}`,
    );
  }
  const seconds = wholeNumber(parsed, "seconds", 0, 3600) ?? 90;
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({
      viewport: {
        width: wholeNumber(parsed, "width", 320, 4000) ?? 1280,
        height: wholeNumber(parsed, "height", 320, 8000) ?? 1000,
      },
      colorScheme: parsed.flags.has("dark") ? "dark" : "light",
    });
    await page.goto(url).catch((error) => {
      throw setupError(`cannot open ${url}`, String(error).split("\n")[0]);
    });
    await page.getByText("Live", { exact: true }).waitFor().catch(() => {
      throw new SetupError(`${url} is not a dashboard, or is not live`);
    });
    await wait(seconds);
    await Deno.writeFile(file, await page.screenshot()).catch((error) => {
      throw setupError(`cannot write ${file}`, error);
    });
  } finally {
    await browser.close();
  }
  console.log(`made ${file}`);
}

/** Waits, and shows the progress. */
async function wait(seconds: number): Promise<void> {
  using progress = new Progress({ label: "waiting", total: seconds });
  for (let second = 0; second < seconds; second++) {
    progress.update(second, `${second} of ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

await runProgram("screenshot", main);
