"""The nouns of Pactwatch: frozen values that import nothing else of ours."""
