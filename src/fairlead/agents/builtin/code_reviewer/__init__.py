"""The code-reviewer: complexity, dead code, placeholders and other faults of quality, with the places worth reading."""
