/** Importing a style sheet applies it. */
declare module '*.css'
