package dev.slipstream.schedule;

import dev.slipstream.runtime.Turn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Chooses what the next step runs: the next tokens of every text, and so many tokens of prompts as
 * a step may read. Prompts take turns by self-clocked fair queueing (Golestani, 1994): the one goes
 * next whose next piece would bring it the least far for its weight, and one that joins starts
 * level with the one that went last. So a short prompt does not wait for long ones, and many short
 * ones do not starve a long one.
 */
final class StepPlan {
    private final int prefillChunk;

    /** How far for its weight the prompt is that went last. */
    private double level;

    StepPlan(int prefillChunk) {
        this.prefillChunk = prefillChunk;
    }

    /** Lets a request begin level with the others. */
    void join(ScheduledRequest request) {
        request.pace(level);
    }

    /** Returns how far for its weight a prompt is after its next piece. */
    private double due(ScheduledRequest request) {
        int tokens = Math.min(prefillChunk, request.unreadPrompt());
        return request.pace() + tokens / request.options().weight();
    }

    /**
     * Returns the parts of the next step.
     *
     * @param running all requests that may run
     * @param onFailure takes those whose part cannot be made, and why
     */
    List<Share> next(
            List<ScheduledRequest> running, BiConsumer<ScheduledRequest, Throwable> onFailure) {
        List<ScheduledRequest> prompts = reading(running);
        List<ScheduledRequest> texts = new ArrayList<>(running);
        texts.removeAll(prompts);
        prompts.sort(Comparator.comparingDouble(this::due));
        List<Share> shares = new ArrayList<>();
        int rows = 0;
        for (ScheduledRequest request : prompts) {
            if (rows == prefillChunk) {
                break;
            }
            Share share = share(request, prefillChunk - rows, 0, onFailure);
            if (share != null) {
                // What is left over for further prompts does not move the level: it comes early.
                level = rows == 0 ? Math.max(level, request.pace()) : level;
                shares.add(share);
                rows += share.turn().length();
            }
        }
        int later = texts.size();
        for (ScheduledRequest request : texts) {
            later--;
            // Drafts of later texts are not known yet: each counts as its one certain token.
            Share share = share(request, 1, rows + later, onFailure);
            if (share != null) {
                shares.add(share);
                rows += share.turn().length();
            }
        }
        return shares;
    }

    private static List<ScheduledRequest> reading(List<ScheduledRequest> running) {
        List<ScheduledRequest> prompts = new ArrayList<>(running);
        prompts.removeIf(request -> request.unreadPrompt() == 0);
        return prompts;
    }

    private static @Nullable Share share(
            ScheduledRequest request,
            int most,
            int otherRows,
            BiConsumer<ScheduledRequest, Throwable> onFailure) {
        try {
            Turn turn = request.next(most, otherRows);
            return new Share(request, turn);
        } catch (RuntimeException | Error e) {
            onFailure.accept(request, e);
            return null;
        }
    }
}
