"""What goes on record of a bundle that serves from now on. Pure."""

from stripsight.bundle import Bundle
from stripsight.start import ChallengeResult


def serving_facts(bundle: Bundle, provider: str, passed: ChallengeResult) -> dict[str, str | int | float]:
    """Return the facts: which bundle, whether a trusted key signed it, on what it computes and how well."""
    return {
        "bundle_id": bundle.bundle_id,
        "product": bundle.recipe.product.name,
        "provider": provider,
        "signature_trusted": int(bundle.signature_trusted),
        "challenge_strips": passed.strips,
        "challenge_score_error": passed.max_score_error,
    }
