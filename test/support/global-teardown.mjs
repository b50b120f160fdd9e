export default () => globalThis.tearDownBuild();
