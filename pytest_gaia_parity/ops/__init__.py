"""Operations: one verb per module."""
