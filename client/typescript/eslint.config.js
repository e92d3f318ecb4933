import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

// An aborted call fails with the reason of its caller's signal.
const ANYTHING = { allowThrowingAny: true, allowThrowingUnknown: true };

// What defines tests returns promises, and waits for them itself.
const TESTS = [{ from: "package", package: "node:test", name: ["describe", "it"] }];

export default defineConfig(
  globalIgnores(["dist/", "build/", "src/gen/"]),
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ["tsconfig.json", "tsconfig.test.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/only-throw-error": ["error", ANYTHING],
      "@typescript-eslint/prefer-promise-reject-errors": ["error", ANYTHING],
    },
  },
  {
    files: ["test/**"],
    rules: {
      "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: TESTS }],
    },
  },
  {
    files: ["*.js"],
    extends: [tseslint.configs.disableTypeChecked],
  },
);
