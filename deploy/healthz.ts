/**
 * Requests a server's `/healthz`. The exit status is 0 if the answer is 200, and
 * 1 otherwise.
 *
 *     deno run --frozen --no-remote --allow-net=127.0.0.1:8200 \
 *       deploy/healthz.ts http://127.0.0.1:8200/healthz
 *
 * @module
 */
try {
  const signal = AbortSignal.timeout(4_000);
  const response = await fetch(Deno.args[0], { signal });
  console.log(`${response.status} ${(await response.text()).trim()}`);
  Deno.exitCode = response.status === 200 ? 0 : 1;
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  Deno.exitCode = 1;
}
