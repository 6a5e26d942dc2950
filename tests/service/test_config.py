"""Settings are read strictly: what is wrong is told with its place, all of it at once."""

import json
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.config import ConfigError, load, secret
from service.config_environment import settings_by_path, variable_of
from service.settings import Settings
from service.settings_page import markdown

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
TOKEN = "[{name: ci, role: ingest, sha256: " + "a" * 64 + "}]"


LOGIN = {
    "ALERTING__SMTP__HOST": "mail.example", "ALERTING__SMTP__SENDER": "Drift <drift@b.example>",
    "ALERTING__SMTP__USERNAME": "drift", "ALERTING__SMTP__PASSWORD": "env:MAIL_PASSWORD",
}  # fmt: skip

VARIABLES = [variable_of(*path) for path in settings_by_path()]


def written(folder: Path, text: str) -> Path:
    path = folder / "driftwarden.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def complaint(path: Path | None, **environment: str) -> str:
    with pytest.raises(ConfigError) as error:
        load(path, environment)
    return str(error.value)


def test_without_a_file_everything_is_at_its_default() -> None:
    assert load(None, {"PATH": "/bin"}) == Settings()


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    path = written(tmp_path, "version: 1\napi: {port: 9000}\nkafka:\n  topics: [a, b]\nhttp:\n")

    loaded = load(path, {})

    assert (loaded.api.port, loaded.kafka.topics, loaded.http.enabled) == (9000, ("a", "b"), True)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "# nothing yet\n"), {}).api == Settings().api


def test_a_variable_goes_before_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "api: {port: 9000, public_url: http://a}\n")

    loaded = load(path, {"DRIFTWARDEN_API__PORT": "9001"}).api

    assert (loaded.port, loaded.public_url) == (9001, "http://a")


@pytest.mark.parametrize(
    ("section", "key", "text", "value"),
    [
        ("kafka", "group", "007", "007"),
        ("kafka", "group", "true", "true"),
        ("kafka", "topics", "[a, b]", ("a", "b")),
        ("kafka", "sasl_mechanism", "SCRAM-SHA-512", "SCRAM-SHA-512"),
        ("http", "enabled", "false", False),
        ("http", "directory", "/var/log/7", Path("/var/log/7")),
        ("kafka", "ca_file", "/ca", Path("/ca")),
        ("time", "skew_seconds", "1.5", 1.5),
        ("time", "skew_seconds", "2", 2.0),
        ("alerting", "psi_tiers", "[0.1, 0.2, 1]", (0.1, 0.2, 1.0)),
        ("detection", "importance", "{income: 0.5}", {"income": 0.5}),
        ("kafka", "bootstrap", "", ""),
    ],
)
def test_a_variable_is_read_as_its_setting_wants(section: str, key: str, text: str, value: object) -> None:
    assert getattr(getattr(load(None, {variable_of(section, key): text}), section), key) == value


def test_every_mistake_is_told_at_once_with_its_place_and_the_way_out() -> None:
    path = GOLDEN / "broken_settings.yaml"

    told = complaint(
        path,
        DRIFTWARDEN_API__HSOT="a",
        DRIFTWARDEN_FOO="b",
        DRIFTWARDEN_KAFKA__TOPICS="a,b",
        DRIFTWARDEN_STORE__COMMIT_SECONDS_MAX="[",
    )

    assert told.replace(f"{path}:", "driftwarden.yaml:") + "\n" == (GOLDEN / "broken_settings.txt").read_text()


@pytest.mark.parametrize("secret", ["hunter2-is-no-reference", "the-token-itself", "another-token-itself"])
def test_a_secret_written_where_its_reference_belongs_is_not_shown(secret: str) -> None:
    path = GOLDEN / "broken_settings.yaml"

    assert (secret in path.read_text(), secret in complaint(path)) == (True, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n", "driftwarden.yaml:1:1: the file is not a mapping"),
        ("api: {port: 1\n", "driftwarden.yaml:2:1: this is not YAML"),
        ("api: &a {port: 1}\n", "the anchor &a is used"),
        ("api: {1: 2}\n", "the key '1' is not text"),
        ("api:\n\tport: 1\n", "a tab is used to indent"),
        ("kafka: {sasl_password: 5}", "what is there is not allowed. Write env:NAME or file:/path"),
        ("api: {tokens: a-token}", "api.tokens: what is there is not allowed"),
        ("api: [a-token]", "api: a list is not a mapping"),
        ("time: {skew_seconds: 2020-01-01}", "'2020-01-01' is not allowed. Write a number"),
    ],
)
def test_a_broken_file_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    assert words in complaint(written(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert complaint(tmp_path / "none.yaml").endswith(
        "none.yaml: cannot be read (no such file or directory). Check the path and its permissions"
    )


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "driftwarden.yaml"
    path.write_bytes(b"api:\n  public_url: \xff\n")

    assert complaint(path).endswith(": byte 19 is not UTF-8. Save the file as UTF-8")


@pytest.mark.parametrize(
    "variable",
    [
        "DRIFTWARDEN_CONFIG",
        "DRIFTWARDEN_SECRET_KAFKA",
        "DRIFTWARDEN_TEST_KAFKA",
        "DRIFTWARDEN_SERVICE_HOST",
        "DRIFTWARDEN_SERVICE_PORT_HTTP",
        "DRIFTWARDEN_PORT",
        "DRIFTWARDEN_PORT_8350_TCP_ADDR",
        "DRIFTWARDEN_POSTGRES_SERVICE_HOST",
        "OTHER_API__PORT",
    ],
)
def test_a_variable_that_is_no_setting_of_ours_is_left_alone(variable: str) -> None:
    assert load(None, {variable: "tcp://10.0.0.1:8350"}) == Settings()


@pytest.mark.parametrize(
    "variable", ["DRIFTWARDEN_API_PORT", "DRIFTWARDEN_API__SERVICE_HOST", "DRIFTWARDEN_VERSION", "DRIFTWARDEN_CONFIGS"]
)
def test_a_variable_that_looks_like_a_setting_and_is_none_is_told(variable: str) -> None:
    assert complaint(None, **{variable: "1"}).startswith(f"${variable}: there is no such setting.")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"API__HOST": "0.0.0.0"}, "$DRIFTWARDEN_API__HOST: api.host: '0.0.0.0' can be reached from other machines"),
        ({"API__HOST": "example.org"}, "Add a token to api.tokens, or listen on 127.0.0.1"),
        ({"API__TOKENS": TOKEN[:-1] + ", " + TOKEN[1:]}, "api.tokens: 2 are called 'ci'"),
        ({"KAFKA__SECURITY": "SASL_SSL"}, "SASL_SSL needs kafka.sasl_username and kafka.sasl_password"),
        ({"KAFKA__SASL_PASSWORD": "env:A"}, "kafka.security: PLAINTEXT does not use kafka.sasl_password"),
        ({"KAFKA__KEY_FILE": "a"}, "kafka.cert_file and kafka.key_file belong together"),
        ({"HTTP__BYTES_MAX": "1048576"}, "1048576 is less than four times api.body_bytes_max = 5242880"),
        ({"STORE__HISTORY_DAYS": "1"}, "1 days are less than store.panes_hours = 48"),
        ({"ALERTING__SMTP__HOST": "mail.example"}, "alerting.smtp.sender: '' is not who a mail can come from"),
        ({"ALERTING__SMTP__HOST": "a", "ALERTING__SMTP__SENDER": "a@b\n.c"}, "alerting.smtp.sender: 'a@b\\n.c' is not"),
        ({"API__LINK_KEY": "env:A"}, "api.link_key signs links in notices, and api.public_url does not say where"),
        ({"ALERTING__SMTP__USERNAME": "a"}, "alerting.smtp.username and alerting.smtp.password belong together"),
        ({"ALERTING__SMTP__HELLO": "a b"}, "alerting.smtp.hello: 'a b' is not a name of a machine"),
        ({**LOGIN, "ALERTING__SMTP__TLS": "none"}, "none would send the password in the clear to 'mail.example'"),
        ({"ALERTING__SMTP__PORT": "0"}, "$DRIFTWARDEN_ALERTING__SMTP__PORT: alerting.smtp.port: 0 is not allowed"),
        ({"ALERTING__KS_TIERS": "[0.1, 0.1, 0.2]"}, "alerting.ks_tiers: [0.1, 0.1, 0.2] do not rise"),
        ({"AUDIT__KEY": "env:K"}, "audit.key and audit.publish belong together"),
        ({"AUDIT__PUBLISH": "[{name: a, file: f}]"}, "audit.key and audit.publish belong together"),
        ({"AUDIT__PUBLISH": "[{name: a, file: f}, {name: a, file: g}]"}, "audit.publish: 2 places are called 'a'"),
        ({"AUDIT__PUBLISH": "[{name: a}]"}, "audit.publish: 'a' needs either file or url"),
        ({"AUDIT__PUBLISH": "[{name: a, file: f, url: 'https://x'}]"}, "audit.publish: 'a' needs either file or url"),
        (
            {"AUDIT__PUBLISH": "[{name: a, file: f, secret: 'env:S'}]"},
            "'a' has a secret, which signs a POST, and no url",
        ),
        ({"AUDIT__PUBLISH": "[{name: a, url: 'http://x.example'}]"}, "the url of 'a' is not https"),
        ({"AUDIT__PUBLISH": "[{name: a, url: 'http://[x'}]"}, "the url of 'a' is not https"),
        ({"HEARTBEAT__URL": "http://beats.example/s3cret"}, "heartbeat.url: it is not https, so anybody on the way"),
        ({"HEARTBEAT__SECONDS": "1"}, "heartbeat.seconds: 1 is not allowed"),
        ({"API__PUBLIC_URL": "javascript:x"}, "'javascript:x' is not an address that a browser opens"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(environment: dict[str, str], words: str) -> None:
    assert words in complaint(None, **{f"DRIFTWARDEN_{name}": value for name, value in environment.items()})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert load(None, {"DRIFTWARDEN_API__HOST": host}).api.host == host


def test_any_host_may_be_listened_on_with_a_token() -> None:
    loaded = load(None, {"DRIFTWARDEN_API__HOST": "0.0.0.0", "DRIFTWARDEN_API__TOKENS": TOKEN})

    assert loaded.api.tokens[0].role == "ingest"


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, "http: {directory: log}\nkafka: {ca_file: /etc/ca}\n"), {})

    assert (loaded.http.directory, loaded.alerting.owners, loaded.kafka.ca_file, loaded.store.url) == (
        tmp_path / "log",
        tmp_path / "owners.yaml",
        Path("/etc/ca"),
        f"sqlite:///{tmp_path}/driftwarden.db",
    )


def test_a_section_within_a_section_is_read_as_any_other(tmp_path: Path) -> None:
    file = written(
        tmp_path, "alerting:\n  smtp:\n    host: mail.example\n    sender: a@b.example\n    ca_file: ca.pem\n"
    )

    smtp = load(file, {"DRIFTWARDEN_ALERTING__SMTP__PORT": "2525"}).alerting.smtp

    assert (smtp.host, smtp.port, smtp.ca_file) == ("mail.example", 2525, tmp_path / "ca.pem")


def test_a_section_within_a_section_may_be_empty(tmp_path: Path) -> None:
    assert load(written(tmp_path, "alerting:\n  smtp:\n"), {}).alerting.smtp.port == 587


def test_a_mistake_within_a_section_is_told_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, "alerting:\n  smtp: {host: a, sender: nobody}\n")

    assert complaint(file).startswith(f"{file}:2:27: alerting.smtp.sender: 'nobody' is not who a mail can come from")


def test_a_password_written_where_its_reference_belongs_is_not_shown(tmp_path: Path) -> None:
    assert "hunter2" not in complaint(written(tmp_path, "alerting: {smtp: {password: hunter2}}\n"))


def test_the_places_of_checkpoints_are_relative_to_the_file_too(tmp_path: Path) -> None:
    text = "audit: {key: 'env:K', publish: [{name: a, file: kept/a.ndjson}, {name: b, url: 'http://127.0.0.1:1/x'}]}\n"
    loaded = load(written(tmp_path, text), {})

    assert [place.file for place in loaded.audit.publish] == [tmp_path / "kept" / "a.ndjson", None]


def test_paths_stay_beside_the_link_that_was_named(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    written(tmp_path / "..data", "version: 1\n")
    (tmp_path / "driftwarden.yaml").symlink_to(tmp_path / "..data" / "driftwarden.yaml")

    assert load(tmp_path / "driftwarden.yaml", {}).alerting.owners == tmp_path / "owners.yaml"


@pytest.mark.parametrize("url", ["sqlite:////var/a.db", "sqlite:///:memory:", "sqlite://", "postgresql://h/db"])
def test_a_database_that_is_not_a_relative_file_is_left_as_it_is(tmp_path: Path, url: str) -> None:
    assert load(written(tmp_path, f"store: {{url: '{url}'}}\n"), {}).store.url == url


json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("\ud800")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
KEYS = [key for field in Settings.model_fields.values() for key in getattr(field.annotation, "model_fields", {})]
sections = st.one_of(json_values, st.dictionaries(st.sampled_from(KEYS), json_values, max_size=3))
files = st.one_of(
    st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.dictionaries(st.sampled_from([*Settings.model_fields, "other"]), sections, max_size=3).map(
        lambda tree: json.dumps(tree).encode()
    ),
)


@given(files, st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=20), max_size=2))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_either_loads_or_is_told(content: bytes, environment: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "driftwarden.yaml"
        path.write_bytes(content)
        try:
            told = str(load(path, environment).version)
        except ConfigError as error:
            told = str(error)

    told.encode()
    assert told


def test_a_secret_is_looked_up_in_the_environment_given() -> None:
    assert secret("env:PASSWORD", {"PASSWORD": "hunter2"}) == "hunter2"


def test_a_secret_is_read_from_its_file_without_the_last_newline(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")

    assert secret(f"file:{tmp_path / 'password'}", {}) == "hunter2"


def test_a_secret_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="the secret env:PASSWORD is not set"):
        secret("env:PASSWORD", {})


def test_the_settings_page_is_made_from_the_settings() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

    assert page.partition("\n## ")[2] == markdown(Settings).partition("## ")[2]


def test_the_settings_page_shows_what_is_written_for_a_setting() -> None:
    assert (
        "| `api.port` | `8350` | Port to listen on (0: any free one). (≥ 0 and ≤ 65535) | `DRIFTWARDEN_API__PORT` |"
        in markdown(Settings)
    )


def test_every_setting_says_what_it_is() -> None:
    bare = [".".join(path) for path, setting in settings_by_path().items() if not setting.description]

    assert bare == []
