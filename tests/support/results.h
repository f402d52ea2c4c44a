/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results.h - what pam_authenticate returned, by name.
 */
#ifndef ROLLCODE_TESTS_RESULTS_H
#define ROLLCODE_TESTS_RESULTS_H

const char	*result_name(int code);

#endif /* ROLLCODE_TESTS_RESULTS_H */
