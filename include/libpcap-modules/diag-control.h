/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For capture modules that were written for libpcap: what they put round lines of which a compiler would warn. Here it
 * has no effect.
 */
#ifndef libpcap_modules_diag_control_h
#define libpcap_modules_diag_control_h

#define DIAG_OFF_ASSIGN_ENUM
#define DIAG_ON_ASSIGN_ENUM
#define DIAG_OFF_CAST_QUAL
#define DIAG_ON_CAST_QUAL
#define DIAG_OFF_DEPRECATION
#define DIAG_ON_DEPRECATION
#define DIAG_OFF_FORMAT_TRUNCATION
#define DIAG_ON_FORMAT_TRUNCATION
#define DIAG_OFF_NARROWING
#define DIAG_ON_NARROWING
#define DIAG_OFF_SIGN_COMPARE
#define DIAG_ON_SIGN_COMPARE
#define DIAG_OFF_WARN_UNUSED_RESULT
#define DIAG_ON_WARN_UNUSED_RESULT

#endif
