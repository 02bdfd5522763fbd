package dev.slipstream.decode.template;

/**
 * What a name, attribute or item is that does not exist: prints as nothing, is false and empty, and
 * fails when anything is asked of it.
 *
 * @param message why it is undefined
 */
record Undefined(String message) {
    TemplateException error() {
        return new TemplateException(message);
    }
}
