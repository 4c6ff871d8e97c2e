/**
 * Finds features of the language: a plugin of `deno lint`, which parses the
 * sources. Each use is one message, whose text is the name of the feature.
 *
 * @module
 */

/** The features, as in the samples. */
export const features = [
  "awaitExpressions",
  "usingDeclarations",
  "typeAssertions",
  "nonNullAssertions",
  "anyTypes",
] as const;

/** A feature of the language. */
export type Feature = typeof features[number];

const plugin: Deno.lint.Plugin = {
  name: "count",
  rules: {
    features: {
      create(context) {
        const mark = (node: Deno.lint.Node, message: Feature) =>
          context.report({ node, message });
        return {
          AwaitExpression: (node) => mark(node, "awaitExpressions"),
          // `using` and `await using`.
          VariableDeclaration(node) {
            if (node.kind.endsWith("using")) mark(node, "usingDeclarations");
          },
          // `as const` asserts nothing.
          TSAsExpression(node) {
            const type = context.sourceCode.getText(node.typeAnnotation);
            if (type !== "const") mark(node, "typeAssertions");
          },
          TSNonNullExpression: (node) => mark(node, "nonNullAssertions"),
          TSAnyKeyword: (node) => mark(node, "anyTypes"),
        };
      },
    },
  },
};

export default plugin;
