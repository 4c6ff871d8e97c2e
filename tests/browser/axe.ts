/**
 * Checks the accessibility of a page with axe-core.
 *
 * @module
 */
import axe from "npm:axe-core@4.14.1";
import type { Page } from "../../tools/playwright.ts";

/** The violations in a page: the rule, and the elements that break it. */
export async function violationsIn(page: Page): Promise<string[]> {
  // The page's policy allows no script of others, but does not bind a debugger.
  await page.evaluate(axe.source);
  const results = await page.evaluate(() => {
    // deno-lint-ignore no-explicit-any
    const { axe, document } = globalThis as any;
    return axe.run(document, { resultTypes: ["violations"] });
  });
  // deno-lint-ignore no-explicit-any
  return results.violations.flatMap(({ id, nodes }: any) =>
    // deno-lint-ignore no-explicit-any
    nodes.map(({ target }: any) => `${id}: ${target.join(" ")}`)
  );
}
