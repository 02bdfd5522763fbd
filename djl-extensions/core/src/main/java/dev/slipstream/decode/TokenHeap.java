package dev.slipstream.decode;

/**
 * A binary heap of token ids, ordered by a key of each token; of equal keys the lower id counts as
 * likelier. Filters take from it only as many tokens as they keep, so that a vocabulary is never
 * sorted as a whole.
 */
final class TokenHeap {
    /** Which end of the order is the root. */
    enum Root {
        LIKELIEST,
        UNLIKELIEST
    }

    private final int[] tokens;
    private final double[] keys;
    private final boolean likeliestFirst;
    private int size;

    /**
     * Constructs a heap over arrays that the caller owns.
     *
     * @param tokens the heap's room; {@link #fill} orders its beginning
     * @param keys by token id, compared when the heap moves tokens
     */
    TokenHeap(int[] tokens, double[] keys, Root root) {
        this.tokens = tokens;
        this.keys = keys;
        likeliestFirst = root == Root.LIKELIEST;
    }

    /** Makes a heap of the first tokens in the room. */
    void fill(int count) {
        size = count;
        for (int i = count / 2 - 1; i >= 0; i--) {
            siftDown(tokens[i], i);
        }
    }

    /** Puts a token in the root's place if it is likelier than the root. */
    void replaceRootIfLikelier(int token) {
        if (likelier(token, tokens[0])) {
            siftDown(token, 0);
        }
    }

    /** Takes the root out of the heap and leaves it in the room, just behind the heap. */
    int pop() {
        int root = tokens[0];
        size--;
        siftDown(tokens[size], 0);
        tokens[size] = root;
        return root;
    }

    private void siftDown(int token, int from) {
        int hole = from;
        for (int child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
            if (child + 1 < size && above(tokens[child + 1], tokens[child])) {
                child++;
            }
            if (!above(tokens[child], token)) {
                break;
            }
            tokens[hole] = tokens[child];
            hole = child;
        }
        tokens[hole] = token;
    }

    private boolean above(int a, int b) {
        return likeliestFirst ? likelier(a, b) : likelier(b, a);
    }

    private boolean likelier(int a, int b) {
        return keys[a] > keys[b] || (keys[a] == keys[b] && a < b);
    }
}
