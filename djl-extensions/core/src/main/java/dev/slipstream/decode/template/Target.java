package dev.slipstream.decode.template;

import java.util.List;

/** What a value is assigned to. */
sealed interface Target {
    void assign(Scope scope, Object value);

    /** A variable of the scope. */
    record Variable(String name) implements Target {
        @Override
        public void assign(Scope scope, Object value) {
            scope.set(name, value);
        }
    }

    /** {@code namespace.attribute}. */
    record NamespaceAttribute(String namespace, String attribute) implements Target {
        @Override
        public void assign(Scope scope, Object value) {
            if (!(scope.get(namespace) instanceof Namespace target)) {
                throw new TemplateException("cannot assign attribute on non-namespace object");
            }
            target.set(attribute, value);
        }
    }

    /** {@code a, b}: the value's items, one each. */
    record Unpacked(List<Target> targets) implements Target {
        @Override
        public void assign(Scope scope, Object value) {
            List<Object> items = Values.iterate(scope.rendering(), value);
            if (items.size() != targets.size()) {
                throw new TemplateException(
                        "cannot unpack " + items.size() + " values, expected " + targets.size());
            }
            for (int i = 0; i < items.size(); i++) {
                targets.get(i).assign(scope, items.get(i));
            }
        }
    }
}
