import { OptionDefaults } from "typedoc";

/** Checks that all that is public is documented, and that links in it lead somewhere. */
export default {
  entryPoints: ["src/index.ts"],
  emit: "none",
  readme: "none",
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  blockTags: [...OptionDefaults.blockTags, "@generated"],
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  treatWarningsAsErrors: true,
  logLevel: "Warn",
};
