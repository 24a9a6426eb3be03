"""Character cards: reading V1, V2 and V3, making packages of them, writing personas as cards."""
