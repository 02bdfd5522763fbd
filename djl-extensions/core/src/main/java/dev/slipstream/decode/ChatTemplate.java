package dev.slipstream.decode;

import java.util.List;

public final class ChatTemplate {
    String render(List<ChatMessage> m, List<ChatMessage.Tool> t) {
        return "";
    }
}
