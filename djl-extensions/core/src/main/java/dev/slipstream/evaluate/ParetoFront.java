package dev.slipstream.evaluate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The points of a sweep that no other one beats: what there is to choose from. */
public final class ParetoFront {
    private ParetoFront() {}

    /**
     * Returns the points that lose less than every faster one, the slowest first. The original,
     * which loses nothing at ratio 1, beats whatever is slower and no better.
     */
    public static List<FrontierPoint> of(List<FrontierPoint> points) {
        List<FrontierPoint> front = new ArrayList<>();
        for (FrontierPoint point : points) {
            Worth worth = point.worth();
            if (worth != null
                    && !Worth.ORIGINAL.dominates(worth)
                    && points.stream()
                            .map(FrontierPoint::worth)
                            .noneMatch(other -> other != null && other.dominates(worth))) {
                front.add(point);
            }
        }
        front.sort(
                Comparator.comparingDouble(
                        point -> point.worth() == null ? 0 : point.worth().ratio()));
        return front;
    }
}
