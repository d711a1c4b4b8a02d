"""Following a petition: by its query code on a phone, and at a desk until it is in the state that is waited for."""

from tests.support.waiting import eventually


def track(phone, address, code):
    """Look a petition up by its query code and return what the page says."""
    phone.open(f"{address}/track")
    phone.fill(query_code=code)
    phone.click("查询")
    return phone.text


def opened(page, address, number, state):
    """Open the page of a case once it is in this state."""

    def there():
        page.open(f"{address}/desk/cases/{number}")
        return state in page.text

    eventually(there, within=90, every=0.3)
