import 'reflect-metadata';

// The AWS SDK warns of the end of Node.js 20, which these tests still cover.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
