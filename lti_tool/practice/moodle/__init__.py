"""The Moodle-like dialect, after Moodle 4.5 `mod/lti` and what a running one was seen to do."""
