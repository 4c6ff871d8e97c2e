/** The dashboard's files. @module */
/** By path. */
export const pageFiles: ReadonlyMap<
  string,
  { readonly contentType: string; readonly text: string }
> = new Map([["/", { contentType: "text/html", text: "soon" }]]);
