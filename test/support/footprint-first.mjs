import Sequencer from '@jest/test-sequencer';

/** Starts the test that measures its process' heap while that is small: each other test file leaves some of its modules. */
export default class FootprintFirst extends Sequencer {
  sort(tests) {
    const isFootprint = ({ path }) => path.endsWith('/models/footprint.spec.ts');
    return super.sort(tests).sort((a, b) => Number(isFootprint(b)) - Number(isFootprint(a)));
  }
}
