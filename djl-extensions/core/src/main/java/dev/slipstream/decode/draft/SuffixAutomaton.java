package dev.slipstream.decode.draft;

import java.util.Arrays;

/**
 * Knows the longest end of a growing text that occurred before, and where: the smallest automaton
 * of all parts of the text, built token by token (Blumer and others, "The smallest automaton
 * recognizing the subwords of a text", 1985). A token costs constant time on average over the text.
 *
 * <p>All in int arrays. Most states have one way on only, and its token stands in the text already:
 * so the first transition of a state is one int, and {@link Branches} holds the others. That is 24
 * bytes a state and 24 a branch. A text of n tokens has at most 2 n states and n branches, so 76
 * bytes a token with the text itself, 54 in Java source cut into word pieces; as much again while
 * the arrays are half empty.
 */
final class SuffixAutomaton {
    private static final int ROOT = 0;
    private static final int NONE = -1;

    private int[] text = new int[256];
    private int length;

    /** By state, the length of its longest string. */
    private int[] longest = new int[256];

    /** By state, the state of the longest suffix of its strings that occurs elsewhere too. */
    private int[] link = new int[256];

    /** By state, the length of the text when its strings first occurred. */
    private int[] first = new int[256];

    /** By state, the same when they were last met as the longest end that occurred before. */
    private int[] latest = new int[256];

    /** By state, where the token that followed its first occurrence leads. */
    private int[] onward = new int[256];

    private final Branches branches = new Branches();
    private int states;
    private int last;
    private int matchEnd;

    SuffixAutomaton() {
        newState(0, NONE, 0);
    }

    /**
     * Adds a token to the text.
     *
     * @return how many transitions were looked at, for the bound on the average
     */
    int append(int token) {
        int steps = 0;
        if (length == text.length) {
            text = Arrays.copyOf(text, 2 * length);
        }
        text[length++] = token;
        int whole = newState(longest[last] + 1, ROOT, length);
        int state = last;
        int next = NONE;
        while (state != NONE && (next = next(state, token)) == NONE) {
            lead(state, token, whole);
            state = link[state];
            steps++;
        }
        if (state != NONE) {
            if (longest[next] == longest[state] + 1) {
                link[whole] = next;
            } else {
                int shorter = split(next, longest[state] + 1);
                steps += branches.copy(next, shorter);
                link[whole] = shorter;
                while (state != NONE && next(state, token) == next) {
                    redirect(state, token, shorter);
                    state = link[state];
                    steps++;
                }
            }
        }
        last = whole;
        int match = link[whole];
        matchEnd = latest[match];
        latest[match] = length;
        return steps + 1;
    }

    /** Returns the length of the text. */
    int length() {
        return length;
    }

    /** Returns a token of the text. */
    int token(int position) {
        return text[position];
    }

    /** Returns the length of the longest end of the text that occurred before, perhaps 0. */
    int matchLength() {
        return last == ROOT ? 0 : longest[link[last]];
    }

    /**
     * Returns where the earlier occurrence ended, which is where its continuation begins: less than
     * the length of the text. Of several it is the one where this end was last the longest that had
     * occurred before; later ones, if any, were inside a longer repetition. To find the latest of
     * all would cost more than constant time a token.
     */
    int matchEnd() {
        return matchEnd;
    }

    private int next(int state, int token) {
        if (onward[state] == NONE) {
            return NONE;
        }
        return text[first[state]] == token ? onward[state] : branches.target(state, token);
    }

    /** A state without a way on occurs at the end of the text only: the token follows it there. */
    private void lead(int state, int token, int target) {
        if (onward[state] == NONE) {
            onward[state] = target;
        } else {
            branches.add(state, token, target);
        }
    }

    private void redirect(int state, int token, int target) {
        if (text[first[state]] == token) {
            onward[state] = target;
        } else {
            branches.redirect(state, token, target);
        }
    }

    /** Gives the shorter strings of a state a state of their own, as they now occur more often. */
    private int split(int state, int length) {
        int shorter = newState(length, link[state], first[state]);
        latest[shorter] = latest[state];
        onward[shorter] = onward[state];
        link[state] = shorter;
        return shorter;
    }

    private int newState(int longestString, int suffix, int end) {
        if (states == longest.length) {
            int room = 2 * states;
            longest = Arrays.copyOf(longest, room);
            link = Arrays.copyOf(link, room);
            first = Arrays.copyOf(first, room);
            latest = Arrays.copyOf(latest, room);
            onward = Arrays.copyOf(onward, room);
            branches.states(room);
        }
        longest[states] = longestString;
        link[states] = suffix;
        first[states] = end;
        latest[states] = end;
        onward[states] = NONE;
        return states++;
    }

    /** Returns the number of states. */
    int states() {
        return states;
    }

    /** Returns the number of transitions that are not a state's first. */
    int branches() {
        return branches.size();
    }
}
