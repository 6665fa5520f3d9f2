// Links to what is shown, for others.

import { copyFrom, input } from "./form-parts.js";

/** Returns `copy(link)`. `toast` is that of toasts.js. */
export const createCopy = ({ text, toast }) => async function copy(link) {
  const [source, focused] = [input("link", { value: link, readOnly: true, className: "unseen" }), document.activeElement];
  document.body.append(source);
  const isCopied = await copyFrom(source);
  source.remove();
  focused?.focus();
  if (!isCopied) history.replaceState(null, "", link);
  toast({ text: text(isCopied ? "link_copied" : "link_in_address") });
};
