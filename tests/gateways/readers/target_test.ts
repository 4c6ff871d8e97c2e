import { readTarget } from "../../../gateways/readers/target.ts";
import { assert, assertEquals } from "../../assert.ts";
import { splitTarget } from "../http_sample.ts";

function read(target: string) {
  const { path, query } = splitTarget(target);
  const found = readTarget(path, target.includes("?") ? query : undefined);
  const { token } = found;
  return {
    ...found,
    token: token && path.slice(token.start, token.end),
  };
}

Deno.test({
  name: "readTarget() finds the token of /t/TOKEN, and cuts it out",
  permissions: "none",
  fn() {
    assertEquals(read("/t/abc.def/pub?u=mira"), {
      token: "abc.def",
      path: "/pub",
      logged: "/t/[token]/pub?u=mira",
    });
    assertEquals(read("/t/abc"), {
      token: "abc",
      path: "/",
      logged: "/t/[token]",
    });
    assertEquals(read("/t/abc/?id=1"), {
      token: "abc",
      path: "/",
      logged: "/t/[token]/?id=1",
    });
    for (const path of ["/pub", "/t", "/t/", "/t//x", "/x/t/abc", "/tt/abc"]) {
      assertEquals(read(path), { token: undefined, path, logged: path });
    }
  },
});

Deno.test({
  name: "readTarget() shows no token that is in a wrong place",
  permissions: "none",
  fn() {
    const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtaXJhIn0.Zm9v-_";
    for (
      const [target, logged] of [
        [`//t/${token}/pub`, "//t/[token]/pub"],
        [`/T/${token}/`, "/T/[token]/"],
        [`/t//${token}/`, "/t//[token]/"],
        [`/%74/${token}`, "/%74/[token]"],
        [`/t%2F${token}%2Fpub`, "/t%2F[token]%2Fpub"],
        [`/herd/t/${token}/pub`, "/herd/t/[token]/pub"],
        [`/t/s3cret/t/${token}/pub`, "/t/[token]/t/[token]/pub"],
        [`/${token.replaceAll(".", "%2e")}`, "/[token]"],
        [`/?t=${token}&id=1`, "/?t=[token]&id=1"],
        [`/?${token}`, "/?[token]"],
        [`/?id=1&jwt=${token.slice(0, 30)}`, "/?id=1&jwt=[token]"],
      ]
    ) {
      assertEquals(read(target).logged, logged);
    }
  },
});

Deno.test({
  name: "readTarget() shows no secret in what is logged",
  permissions: "none",
  fn() {
    for (
      const target of [
        "/t/s3cret/apps/phonetrack/logGet/s3cret/lena?lat=1",
        "/index.php/apps/phonetrack/log/traccar/s3cret/lena",
        "/apps/phonetrack/logPostMultiple/s3cret/lena",
        "/api/webhook/s3cret",
        "/?token=s3cret&id=1",
        "/?id=1&access_token=s3cret",
        "/?t%6Fken=s3cret",
        "/?Password=s3cret&key=s3cret",
        "/api/webhook/s3cret?token=s3cret",
      ]
    ) {
      const { logged } = read(target);
      assert(!logged.includes("s3cret"), logged);
      assert(logged.includes("[token]"), logged);
    }
    assertEquals(read("/?id=tokens&lat=1").logged, "/?id=tokens&lat=1");
    assertEquals(
      read("/apps/phonetrack/logGet/s3cret/lena?lat=1").logged,
      "/apps/phonetrack/logGet/[token]/lena?lat=1",
    );
  },
});
