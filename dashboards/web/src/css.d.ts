// The style sheets that esbuild takes from imports; they have no value in TypeScript.
declare module "*.css";
