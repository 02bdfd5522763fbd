package dev.slipstream.samples.benchmarks;

import dev.slipstream.samples.benchmarks.contest.Answer;
import dev.slipstream.samples.benchmarks.contest.Contender;
import dev.slipstream.samples.benchmarks.contest.Entrant;
import dev.slipstream.samples.benchmarks.contest.ProcessorUse;
import dev.slipstream.samples.benchmarks.contest.Request;
import dev.slipstream.samples.benchmarks.result.Figure;
import dev.slipstream.samples.benchmarks.result.Sample;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Continues real texts, plain and with what makes them faster and leaves them alone: each
 * contender's drafters, each contender's memory of what was read.
 */
final class AcceleratedTexts {
    private static final int TOKENS = 64;

    private static final String STORY =
            "Once upon a time there was a little girl who lived at the edge of the wood. "
                    + "Every morning she went to the well, and every morning the old bear sat there. ";

    /** Beginnings of a dialogue and texts that quote themselves: both repeat what was read. */
    private static final List<String> PROMPTS =
            List.of(
                    STORY + "One day the well was dry, and the bear said",
                    STORY + "One day the bear was gone, and the girl said",
                    "Ten little birds sat on the wall. One flew away, and the others called. "
                            + "Ten little birds sat on the wall. One flew away, and the",
                    "The mill went round and the water ran down. The miller sang, and the mill went"
                            + " round again. The mill went round and the water");

    private final ComparisonPlan plan;
    private final Findings.Place place;
    private final Heat heat;
    private final Findings findings;

    AcceleratedTexts(ComparisonPlan plan, Findings.Place place, Heat heat, Findings findings) {
        this.plan = plan;
        this.place = place;
        this.heat = heat;
        this.findings = findings;
    }

    void measure(List<Contender> contenders) throws IOException {
        List<Contender> settings = new ArrayList<>();
        for (Contender contender : contenders) {
            settings.add(contender);
            settings.addAll(contender.accelerated());
        }
        List<Entrant> entrants = heat.start(settings);
        Set<String> refused = new HashSet<>();
        try {
            for (Entrant entrant : entrants) {
                texts(entrant, -1, refused);
            }
            List<Entrant> order = new ArrayList<>(entrants);
            for (int round = 0; round < plan.rounds(); round++) {
                for (Entrant entrant : order) {
                    texts(entrant, round, refused);
                }
                Collections.rotate(order, -1);
            }
        } finally {
            heat.close(entrants);
        }
    }

    private void texts(Entrant entrant, int round, Set<String> refused) {
        if (refused.contains(entrant.name())) {
            return;
        }
        ProcessorUse before = ProcessorUse.now();
        double seconds = 0;
        int tokens = 0;
        for (String prompt : PROMPTS) {
            Answer answer = entrant.running().run(new Request.Generate(prompt, TOKENS));
            if (!(answer instanceof Answer.Done done)) {
                refused.add(entrant.name());
                findings.note(
                        place,
                        entrant.name(),
                        "texts: "
                                + (answer instanceof Answer.Unsupported unsupported
                                        ? unsupported.why()
                                        : ((Answer.Failed) answer).message()));
                return;
            }
            Double first = done.firstTokenSeconds();
            seconds += done.seconds() + (first == null ? 0 : first);
            tokens += done.tokens();
        }
        if (round >= 0) {
            findings.add(
                    place,
                    entrant.name(),
                    new Figure(Figure.Kind.GENERATE, TOKENS),
                    Sample.Neighbour.NONE,
                    round,
                    tokens / seconds,
                    ProcessorUse.foreignShare(
                            before,
                            ProcessorUse.now(),
                            Runtime.getRuntime().availableProcessors()));
        }
    }
}
