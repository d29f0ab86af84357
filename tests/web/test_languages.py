"""The shop speaks English with the words of all its catalogues."""

import pytest
from flask import Flask

from shop.core.i18n import gettext
from shop.translations.update import english

pytestmark = pytest.mark.one_database
CATALOGUES = english()


@pytest.mark.parametrize("folder", CATALOGUES)
def test_what_a_folder_has_translated_is_read(app: Flask, folder: str) -> None:
    texts = {str(message.id): message.string for message in CATALOGUES[folder] if message.id and message.string}
    with app.test_request_context("/?lang=en"):
        read = {text: gettext(text) for text in texts}
    assert read == texts, "run make i18n"
